,'2023-05-01 12:00:34.034','2023-05-01 12:00:35.035',NULL),
(35,'user35','$2a$06$abcdefghijklmnopqrstuu/NPg2zgKRS43e3QiFvjgNNhv3Vd1Z2q','用户35','',1,'2023-05-01 12:00:35.035','2023-05-01 12:00:36.036',NULL),
(36,'user36','$2a$06$abcdefghijklmnopqrstuu/NPg2zgKRS43e3QiFvjgNNhv3Vd1Z2q','用户36','',1,'2023-05-01 12:00:36.036','2023-05-01 12:00:37.037',NULL),
(37,'user37','$2a$06$abcdefghijklmnopqrstuu/NPg2zgKRS43e3QiFvjgNNhv3Vd1Z2q','用户37','',1,'2023-05-01 12:00:37.037','2023-05-01 12:00:38.038',NULL),
(38,'user38','$2a$06$abcdefghijklmnopqrstuu/NPg2zgKRS43e3QiFvjgNNhv3Vd1Z2q','用户38','',1,'2023-05-01 12:00:38.038','2023-05-01 12:00:39.039',NULL),
(39,'user39','$2a$06$abcdefghijklmnopqrstuu/NPg2zgKRS43e3QiFvjgNNhv3Vd1Z2q','用户39','',1,'2023-05-01 12:00:39.039','2023-05-01 12:00:40.040',NULL),
(40,'user40','$2a$06$abcdefghijklmnopqrstuu/NPg2zgKRS43e3QiFvjgNNhv3Vd1Z2q','用户40','',1,'2023-05-01 12:00:40.040','2023-05-01 12:00:41.041',NULL);
/*!40000 ALTER TABLE `users` ENABLE KEYS */;
UNLOCK TABLES;

/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `users_ai` AFTER INSERT ON `users` FOR EACH ROW BEGIN
  INSERT INTO `users` VALUES (1000,'trigger','x','x','',1,NULL,NULL,NULL);
END */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2023-06-30 10:00:00
